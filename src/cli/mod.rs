//! The command line: arguments, one file per subcommand, errors, exit codes.
