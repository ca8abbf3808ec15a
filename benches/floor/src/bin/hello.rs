//! The floor under our start-up: a command line with one argument.

use clap::Parser;

/// Greets somebody.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Whom to greet
    #[arg(short, long, default_value = "world")]
    name: String,
}

fn main() {
    println!("Hello {}!", Args::parse().name);
}
