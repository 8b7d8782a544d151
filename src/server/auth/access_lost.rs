//! Why somebody may no longer see what was asked for, for the record of an export and for the answer.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, PaginatorTrait};
use uuid::Uuid;

use super::caller::Credential;
use crate::error::ErrorCode;
use crate::server::clock::Clock;
use crate::server::entity::{api_token, session, user};

/// Why somebody may no longer see what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLost {
    /// There is no such user any more.
    UserRemoved,
    /// The access token has reached its end.
    TokenExpired,
    /// The access token was revoked.
    TokenRevoked,
    /// The session has reached its end, however much it was used.
    SessionExpired,
    /// The session was ended by signing out, or by a new password.
    SessionEnded,
    /// The session that signed the link has reached its end.
    LinkSessionExpired,
    /// The session that signed the link was ended.
    LinkSessionEnded,
    /// A camera is no longer granted.
    CameraRevoked,
    /// The user was an administrator, who sees all cameras.
    AdministratorDemoted,
}

impl AccessLost {
    /// Finds out why a user is no longer known by that credential. `None`: by none, as with `--as`.
    ///
    /// # Errors
    /// If the database cannot answer.
    pub(super) async fn find(
        database: &impl ConnectionTrait,
        user_id: Uuid,
        by: Option<&(Credential, Clock)>,
    ) -> Result<Self, DbErr> {
        let Some((credential, clock)) = by else { return Ok(Self::UserRemoved) };
        if user::Entity::find_by_id(user_id).count(database).await? == 0 {
            return Ok(Self::UserRemoved);
        }
        let (hash, expired, ended) = match credential {
            Credential::Token(id) => {
                let token = api_token::Entity::find_by_id(*id).one(database).await?;
                let is_revoked = token.is_none_or(|token| token.revoked_at.is_some());
                return Ok(if is_revoked { Self::TokenRevoked } else { Self::TokenExpired });
            }
            Credential::Session(hash) => (hash, Self::SessionExpired, Self::SessionEnded),
            Credential::Link(hash) => (hash, Self::LinkSessionExpired, Self::LinkSessionEnded),
        };
        let session = session::Entity::find_by_id(hash.clone()).one(database).await?;
        let is_expired = session.is_some_and(|session| session.expires_at <= clock.now());
        Ok(if is_expired { expired } else { ended })
    }

    /// What happened and what to do, as a sentence for people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::UserRemoved => "The user was removed.",
            Self::TokenExpired => "The access token has expired. Create a new one and try again.",
            Self::TokenRevoked => "The access token was revoked. Use another one.",
            Self::SessionExpired => {
                "The session has reached its maximum age (accounts.session_max_hours). Sign in and try again."
            }
            Self::SessionEnded => {
                "The session was ended: the user signed out, or the password was changed. Sign in and try again."
            }
            Self::LinkSessionExpired => {
                "The session that signed the link has reached its maximum age (accounts.session_max_hours). Ask for a new \
                 link."
            }
            Self::LinkSessionEnded => {
                "The session that signed the link was ended: its user signed out, or the password was changed. Ask for a \
                 new link."
            }
            Self::CameraRevoked => {
                "Access to a camera of this selection was revoked. Choose among the cameras that you see now."
            }
            Self::AdministratorDemoted => {
                "The user is no longer an administrator, who sees all cameras. Choose among the cameras that you see now."
            }
        }
    }

    /// The code of the answer, if none has begun yet.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::CameraRevoked | Self::AdministratorDemoted => ErrorCode::Forbidden,
            _ => ErrorCode::Unauthenticated,
        }
    }
}
