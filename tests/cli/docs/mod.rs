//! What the documents say is true: every command in them and in every `--help` is really run, and what they show is there.
//!
//! How a document is written for this test, invisibly to its readers, stands in CONTRIBUTING.md under "Documents".

mod blocks;
mod ci;
mod help;
mod lines;
mod pages;
mod place;
mod session;
mod shown;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Looks at all items, some at the same time, and gives back what is wrong with them in their order.
fn look_at<T: Sync>(items: &[T], look: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((at, item)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    items.get(at).map(|item| (at, item))
                } {
                    let problems = look(item);
                    found.lock().unwrap().push((at, problems));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    found.into_iter().flat_map(|(_, problems)| problems).collect()
}
