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

/// The users that were searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserList {
    /// The users that match, in display order.
    pub users: Vec<User>,
    /// What was searched for; empty if all are listed.
    pub search: String,
    /// The number of all users.
    pub total: usize,
}

/// A user, with cameras and sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserWithCameras {
    /// The user.
    pub user: User,
    /// The cameras that match, in display order.
    pub cameras: Vec<Grant>,
    /// What was searched for among the cameras; empty if all are listed.
    pub search: String,
    /// The number of all cameras.
    pub total: usize,
    /// The names of other users, whose cameras can be copied.
    pub others: Vec<String>,
    /// The user's sessions, the last used first.
    pub sessions: Vec<Session>,
    /// Whether this is the signed-in user.
    pub is_me: bool,
}

/// A session of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identifies it in forms. It gives no access.
    pub id: String,
    /// The name of the browser; empty if it is unknown.
    pub browser: String,
    /// The name of its operating system; empty if it is unknown.
    pub system: String,
    /// The IP address from which the user signed in; empty if it is unknown.
    pub address: String,
    /// When the user signed in, as RFC 3339 in UTC.
    pub created: String,
    /// When it was last used, as RFC 3339 in UTC.
    pub last_seen: String,
    /// Whether it is the session of this request.
    pub is_current: bool,
}

/// A camera, and whether it is granted to the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The camera.
    pub camera: super::cameras::Camera,
    /// Whether the user may see it.
    pub granted: bool,
}
