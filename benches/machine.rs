//! What was measured on, in one line.

use std::path::Path;

/// Processor, cores, kernel, and the file system that `folder` is on.
pub fn line(folder: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = first_line("/proc/sys/kernel/osrelease");
    format!("{} ({cores} cores), Linux {kernel}, {}", processor(), file_system(folder))
}

/// Today, UTC.
pub fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn first_line(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

fn processor() -> String {
    let table = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = table.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    name.map_or("a processor", |(_, name)| name).to_owned()
}

/// The type of the file system whose mount point is the longest above `folder`.
fn file_system(folder: &Path) -> String {
    let table = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mounts = table.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let above = mounts.filter(|(point, _)| folder.starts_with(point));
    above.max_by_key(|(point, _)| point.len()).map_or("unknown", |(_, kind)| kind).to_owned()
}
