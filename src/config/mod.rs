//! Layers of configuration, their origins, and their validation.
