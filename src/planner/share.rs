//! Fair shares of a room that is too small for all.

/// What each gets of `room`: all it wants where its share by weight allows, and what it leaves goes to the others.
/// The sum is at most `room`. Takes O(n²) for a handful of parts.
pub(super) fn shares(wanted: &[(usize, usize)], room: usize) -> Vec<usize> {
    let mut given: Vec<Option<usize>> = vec![None; wanted.len()];
    let mut left = room;
    loop {
        let open =
            || wanted.iter().zip(&given).filter(|(_, given)| given.is_none()).map(|((_, weight), _)| weight.max(&1));
        let weights: usize = open().sum();
        if weights == 0 {
            break;
        }
        let share = |weight: usize| left.saturating_mul(weight.max(1)) / weights;
        let modest: Vec<usize> =
            (0..wanted.len()).filter(|at| given[*at].is_none() && wanted[*at].0 <= share(wanted[*at].1)).collect();
        if modest.is_empty() {
            let rest: Vec<usize> = wanted.iter().map(|(_, weight)| share(*weight)).collect();
            for (given, rest) in given.iter_mut().zip(rest) {
                given.get_or_insert(rest);
            }
            break;
        }
        for at in modest {
            given[at] = Some(wanted[at].0);
            left -= wanted[at].0;
        }
    }
    given.into_iter().map(|given| given.unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_wants_little_gets_it_and_leaves_the_rest_to_others() {
        assert_eq!(shares(&[(10, 1), (100, 1), (100, 2)], 100), [10, 30, 60]);
        assert_eq!(shares(&[(10, 1), (20, 1)], 100), [10, 20]);
        assert_eq!(shares(&[], 100), Vec::<usize>::new());
        assert_eq!(shares(&[(5, 1), (5, 1)], 0), [0, 0]);
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_wanted_and_all_no_more_than_there_is(
            wanted in prop::collection::vec((0usize..1000, 0usize..4), 0..8), room in 0usize..3000
        ) {
            let given = shares(&wanted, room);
            prop_assert!(given.iter().sum::<usize>() <= room);
            prop_assert!(given.iter().zip(&wanted).all(|(given, (wanted, _))| given <= wanted));
            if wanted.iter().map(|(wanted, _)| wanted).sum::<usize>() <= room {
                prop_assert!(given.iter().zip(&wanted).all(|(given, (wanted, _))| given == wanted));
            }
        }
    }
}
