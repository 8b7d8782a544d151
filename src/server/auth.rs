//! Who asks, and what they may see.
//!
//! Every request that a route answers, but for the page's files and the health of the server, goes through [`gate`], which
//! lets nobody pass whom it does not know, save at the doors that it names as public. A [`caller`] is known by a session (pages, and what they ask for), by a [`token`]
//! (scripts), or by a [`link`] that a session signed (one export, for a while). Whose cameras somebody sees is told by
//! [`viewer`], and by nobody else.

pub mod access_lost;
pub mod address;
pub mod caller;
pub mod gate;
pub mod link;
pub mod name;
pub mod next;
pub mod origin;
pub mod password;
pub mod secret;
pub mod session;
pub mod setup;
pub mod throttle;
pub mod token;
pub mod user;
pub mod viewer;
pub mod wrong_token;
