//! Layouts, numbers and texts, pinned.
