//! What the two functions promise.

use stats::{mean, median};

#[test]
fn the_mean_of_some_numbers_is_their_sum_over_their_count() {
    assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
}

#[test]
fn an_empty_list_has_neither() {
    assert_eq!((mean(&[]), median(&[])), (None, None));
}

#[test]
fn the_median_of_an_odd_number_of_values_is_the_middle_one() {
    assert_eq!(median(&[9.0, 1.0, 4.0]), Some(4.0));
}

#[test]
fn the_median_of_an_even_number_of_values_is_the_mean_of_the_middle_two() {
    assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
}
