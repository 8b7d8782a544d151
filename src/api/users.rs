//! People and their cameras, as an administrator sees them.

use serde::{Deserialize, Serialize};

use super::session::Role;

/// Somebody in the list of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Names the person in addresses.
    pub id: String,
    /// What the person types to sign in.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// How many cameras were granted; an administrator sees all of them anyway.
    pub cameras: i64,
}

/// One person, with every camera that there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserWithCameras {
    /// The person.
    pub user: User,
    /// All cameras, in the order in which they are shown.
    pub cameras: Vec<Grant>,
    /// Whether this is the person who looks.
    pub is_me: bool,
}

/// A camera, and whether it is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The camera.
    pub camera: super::cameras::Camera,
    /// Whether the person sees it.
    pub granted: bool,
}
