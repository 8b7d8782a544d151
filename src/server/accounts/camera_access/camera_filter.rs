//! The cameras of an export.

/// The cameras of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CameraFilter {
    /// All cameras, those included that are added while the export runs.
    #[default]
    All,
    /// Only these cameras; none if the list is empty.
    Only(Vec<String>),
}
