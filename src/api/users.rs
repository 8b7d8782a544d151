//! Users and their cameras, as an administrator sees them.

use serde::{Deserialize, Serialize};

use super::session::Role;

/// A user in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id, as in addresses.
    pub id: String,
    /// The name for signing in.
    pub name: String,
    /// The role.
    pub role: Role,
    /// How many cameras are granted. Administrators see all cameras anyway.
    pub cameras: i64,
}

/// A user, with all cameras.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserWithCameras {
    /// The user.
    pub user: User,
    /// All cameras, in display order.
    pub cameras: Vec<Grant>,
    /// Whether this is the signed-in user.
    pub is_me: bool,
}

/// A camera, and whether it is granted to the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The camera.
    pub camera: super::cameras::Camera,
    /// Whether the user may see it.
    pub granted: bool,
}
