//! What retention stores: holds, and the records of deletions.

pub mod deletion;
pub mod hold;
