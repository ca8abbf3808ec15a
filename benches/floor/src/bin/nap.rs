//! A task that takes as long as its name says: `t7-250` takes 250 ms.

use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::var("ORCHESTRA_TASK_ID")?;
    let (_, length) = name.rsplit_once('-').ok_or("a name without a length")?;
    std::thread::sleep(Duration::from_millis(length.parse()?));
    Ok(())
}
