//! Small controls that several pages share.

pub mod copy_button;
pub mod disclosure;
