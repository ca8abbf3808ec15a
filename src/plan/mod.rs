//! PURE: the plan and its tasks; parsing, repairs, validation.
