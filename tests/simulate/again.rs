//! What is done again in the same run, read naively: the work that a review sends back.

use super::naive::Naive;
use super::tale::{End, Stand};

impl Naive<'_> {
    /// Whether the last no of a review has sent work back.
    pub fn has_sent_back(&self, review: usize) -> bool {
        let no = self.told.no(review);
        no.is_some_and(|no| self.told.reworks(review).last().is_some_and(|back| *back > no))
    }

    /// What lies on top of the work that a review sends back, last first, and that work: the last one it is based on.
    pub fn send_back(&self, review: usize) -> Option<(Vec<usize>, usize)> {
        let most = self.setup.review?.reworks as usize;
        let says_no = matches!(self.stands[review], Stand::Exhausted(_)) && self.told.no(review).is_some();
        if !says_no || self.has_sent_back(review) || self.told.reworks(review).len() >= most || self.halted().is_some()
        {
            return None;
        }
        let mut chain: Vec<usize> = self.tasks().filter(|task| self.over(*task) == Some(&End::Succeeded)).collect();
        chain.sort_by_key(|task| std::cmp::Reverse(self.kept(*task)));
        let mut on_top = Vec::new();
        for task in chain {
            let script = &self.setup.tasks[task];
            let (writes, part) = (!script.review, self.depends(review, task));
            if writes && part && !script.test {
                return Some((on_top, task));
            }
            if writes && !part {
                return None;
            }
            on_top.push(task);
        }
        None
    }

    fn depends(&self, task: usize, on: usize) -> bool {
        self.setup.tasks[task].deps.iter().any(|dep| *dep == on || self.depends(*dep, on))
    }
}
