//! Which cameras are meant.

/// Which cameras an export is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cameras {
    /// All that there are, those included that come while the export runs.
    #[default]
    All,
    /// These and no others; none at all where the list is empty.
    Only(Vec<String>),
}
