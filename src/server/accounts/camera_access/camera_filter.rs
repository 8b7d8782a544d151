//! The cameras of an export.

/// The cameras of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CameraFilter {
    /// All cameras, those included that are added while the export runs.
    #[default]
    All,
    /// Only these cameras; none if the list is empty.
    Only(Vec<SelectedCamera>),
}

/// A camera that an export selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedCamera {
    /// What events refer to.
    pub key: i32,
    /// What grants and requests refer to.
    pub id: String,
}
