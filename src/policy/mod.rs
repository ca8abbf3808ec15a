//! PURE: limits, and which environment a child may see.
