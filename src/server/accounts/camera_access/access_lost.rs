//! Finds out why a user lost access, for the record of an export and for the response.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, PaginatorTrait};
use uuid::Uuid;

use crate::error::ErrorCode;
pub use crate::messages::access::AccessLost;
use crate::server::accounts::credential::Credential;
use crate::server::db::clock::Clock;
use crate::server::db::entity::{api_token, session, user};

impl AccessLost {
    /// Finds out why the credential of a user is no longer valid. `None` is a user without a credential, as with
    /// `--as`.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub(super) async fn find(
        database: &impl ConnectionTrait,
        user_id: Uuid,
        credential: Option<&(Credential, Clock)>,
    ) -> Result<Self, DbErr> {
        let Some((credential, clock)) = credential else { return Ok(Self::UserRemoved) };
        if user::Entity::find_by_id(user_id).count(database).await? == 0 {
            return Ok(Self::UserRemoved);
        }
        let (hash, expired, ended) = match credential {
            Credential::Token(id) | Credential::WriteToken { id, .. } => {
                let token = api_token::Entity::find_by_id(*id).one(database).await?;
                let is_revoked = token.is_none_or(|token| token.revoked_at.is_some());
                return Ok(if is_revoked { Self::TokenRevoked } else { Self::TokenExpired });
            }
            Credential::Session(hash) => (hash, Self::SessionExpired, Self::SessionEnded),
            Credential::SignedUrl(hash) => (hash, Self::LinkSessionExpired, Self::LinkSessionEnded),
        };
        let session = session::Entity::find_by_id(hash.clone()).one(database).await?;
        let is_expired = session.is_some_and(|session| session.expires_at <= clock.now());
        Ok(if is_expired { expired } else { ended })
    }

    /// Returns the code of the error, if the response has not started yet.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::CameraRevoked | Self::AdministratorDemoted => ErrorCode::Forbidden,
            _ => ErrorCode::Unauthenticated,
        }
    }
}
