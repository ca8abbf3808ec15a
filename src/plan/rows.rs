//! A list of ordinals for each of many tasks, all in one piece of memory.

/// Rows of ordinals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// Where each row ends; it begins where the one before ends.
    ends: Vec<usize>,
    all: Vec<u32>,
}

impl Rows {
    /// No row yet, and room for so many.
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self { ends: Vec::with_capacity(rows), all: Vec::new() }
    }

    /// Adds to the last row, which is still open.
    pub(super) fn push(&mut self, ordinal: u32) {
        self.all.push(ordinal);
    }

    /// The last row is complete.
    pub(super) fn end(&mut self) {
        self.ends.push(self.all.len());
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// One row.
    pub(super) fn row(&self, at: usize) -> &[u32] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.all[start..self.ends[at]]
    }

    /// For each ordinal the rows that name it, ascending; as many rows as there are here.
    pub(super) fn inverted(&self) -> Self {
        // Counted first, so that every row has its place before it is filled.
        let mut ends = vec![0usize; self.len()];
        for &ordinal in &self.all {
            ends[ordinal as usize] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut all = vec![0u32; self.all.len()];
        for (row, at) in (0u32..).zip(0..self.len()) {
            for &ordinal in self.row(at) {
                let place = &mut ends[ordinal as usize];
                all[*place] = row;
                *place += 1;
            }
        }
        Self { ends, all }
    }
}

impl FromIterator<Vec<u32>> for Rows {
    fn from_iter<T: IntoIterator<Item = Vec<u32>>>(rows: T) -> Self {
        let mut made = Self::default();
        for row in rows {
            made.all.extend(row);
            made.end();
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_turned_round_name_who_named_them() {
        let rows: Rows = [vec![], vec![0], vec![1, 0, 0]].into_iter().collect();
        let turned = rows.inverted();
        assert_eq!((turned.row(0), turned.row(1), turned.row(2)), (&[1, 2, 2][..], &[2][..], &[][..]));
        assert_eq!(turned.inverted(), [vec![], vec![0], vec![0, 0, 1]].into_iter().collect());
        assert_eq!(Rows::default().inverted(), Rows::default());
    }
}
