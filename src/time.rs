//! Points in time and spans as data: the pure rooms never ask a clock.
