//! Whose cameras somebody sees: the one place that says so, for the page's lists, the export and the command line.
//!
//! It is asked anew whenever it matters, so that a camera that is taken away is gone with the next question.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::credential::Credential;
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::messages::parameters::ParameterMessage;
use crate::server::accounts::camera_access::access_lost::AccessLost;
use crate::server::accounts::camera_access::camera_filter::Cameras;
use crate::server::db::clock::Clock;
use crate::server::db::entity::{api_token, camera, camera_access, session, user};
use crate::server::db::pool::Pool;

pub mod access_lost;
pub mod camera_filter;
pub mod grants;

/// On whose behalf cameras are looked at.
#[derive(Clone, Debug)]
pub enum CameraAccess {
    /// Whoever runs commands on the server: has the database itself, and sees everything.
    Unrestricted,
    /// A user.
    User {
        /// Who.
        id: Uuid,
        /// By what the user is known, and the clock by which that ends; `None` for `--as`.
        by: Option<(Credential, Clock)>,
    },
}

/// What each camera that a viewer sees is called, by id; `None` where it is gone and only its events are left.
pub type Names = HashMap<String, Option<String>>;

impl CameraAccess {
    /// Who it is; `None` for the operator, who is nobody in particular.
    pub fn user_id(&self) -> Option<Uuid> {
        match self {
            Self::Unrestricted => None,
            Self::User { id, .. } => Some(*id),
        }
    }

    /// The cameras that the viewer sees, in the order of their names.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn cameras(&self, database: &impl ConnectionTrait) -> Result<Vec<camera::Model>, DbErr> {
        let all = self.sees_all(database).await?;
        self.cameras_of(all, database).await
    }

    async fn cameras_of(&self, all: bool, database: &impl ConnectionTrait) -> Result<Vec<camera::Model>, DbErr> {
        let mut cameras = camera::Entity::find().order_by_asc(camera::Column::Name).order_by_asc(camera::Column::Id);
        if let Self::User { id, .. } = self
            && !all
        {
            let granted = Query::select()
                .column(camera_access::Column::CameraId)
                .from(camera_access::Entity)
                .and_where(camera_access::Column::UserId.eq(*id))
                .to_owned();
            cameras = cameras.filter(camera::Column::Id.in_subquery(granted));
        }
        cameras.all(database).await
    }

    /// Which cameras an export is about that asks for these; none means all that the viewer sees. A camera that is not
    /// the viewer's and one that does not exist are the same here: neither is among the names.
    ///
    /// # Errors
    /// `camera_not_found` for a camera that the viewer does not see; the database's own.
    pub async fn select(&self, database: &Pool, asked_for: Vec<String>) -> Result<(Cameras, Names), SelectError> {
        let all = self.sees_all(database).await?;
        let names: Names =
            self.cameras_of(all, database).await?.into_iter().map(|camera| (camera.id, camera.name)).collect();
        if let Some(unknown) = asked_for.iter().find(|id| !names.contains_key(*id)) {
            return Err(SelectError::Refused(no_such_camera(unknown)));
        }
        let cameras = if !asked_for.is_empty() {
            Cameras::Only(asked_for)
        } else if all {
            Cameras::All
        } else {
            let mut seen: Vec<_> = names.keys().cloned().collect();
            seen.sort();
            Cameras::Only(seen)
        };
        Ok((cameras, names))
    }

    /// Why the viewer no longer sees what it was given before, or is no longer known by what it came with; `None` while it
    /// does and is.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn lost_access(
        &self,
        database: &impl ConnectionTrait,
        cameras: &Cameras,
    ) -> Result<Option<AccessLost>, DbErr> {
        let Self::User { id, by } = self else { return Ok(None) };
        let Some(role) = self.role(database).await? else {
            return AccessLost::find(database, *id, by.as_ref()).await.map(Some);
        };
        if role == Role::Admin.as_str() {
            return Ok(None);
        }
        let Cameras::Only(cameras) = cameras else { return Ok(Some(AccessLost::AdministratorDemoted)) };
        let granted = camera_access::Entity::find()
            .filter(camera_access::Column::UserId.eq(*id))
            .filter(camera_access::Column::CameraId.is_in(cameras))
            .count(database)
            .await?;
        Ok((granted != cameras.len() as u64).then_some(AccessLost::CameraRevoked))
    }

    async fn sees_all(&self, database: &impl ConnectionTrait) -> Result<bool, DbErr> {
        Ok(match self {
            Self::Unrestricted => true,
            Self::User { .. } => self.role(database).await?.as_deref() == Some(Role::Admin.as_str()),
        })
    }

    /// The user's role, as long as there is the user, and the token or the session until its time is up.
    async fn role(&self, database: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
        let Self::User { id, by } = self else { return Ok(None) };
        let mut found = user::Entity::find().select_only().column(user::Column::Role).filter(user::Column::Id.eq(*id));
        found = match by {
            None => found,
            Some((Credential::Session(hash) | Credential::SignedUrl(hash), clock)) => {
                let known = session::Entity::find().select_only().expr(Expr::val(1));
                // One whose time is up may be in the table for a while yet. That it was not used for long is no reason: an
                // export may take long.
                let known = known.filter(session::Column::ExpiresAt.gt(clock.now()));
                let known = known.filter(session::Column::IdHash.eq(hash.clone()));
                found.filter(Expr::exists(QueryTrait::into_query(known)))
            }
            Some((Credential::Token(token), clock)) => {
                let known = api_token::Entity::find().select_only().expr(Expr::val(1));
                let known =
                    known.filter(api_token::Column::Id.eq(*token)).filter(api_token::Column::RevokedAt.is_null());
                let end = api_token::Column::ExpiresAt;
                let known = known.filter(end.is_null().or(end.gt(clock.now())));
                found.filter(Expr::exists(QueryTrait::into_query(known)))
            }
        };
        found.into_tuple().one(database).await
    }
}

/// Why a selection of cameras cannot be used.
#[derive(Debug)]
pub enum SelectError {
    /// It names a camera that the viewer does not see.
    Refused(ApiError),
    /// The database cannot answer.
    Database(DbErr),
}

impl From<SelectError> for ApiError {
    fn from(error: SelectError) -> Self {
        match error {
            SelectError::Refused(error) => error,
            SelectError::Database(error) => error.into(),
        }
    }
}

impl From<DbErr> for SelectError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

/// The error for a camera that there is not, or not for the one who asks.
pub fn no_such_camera(id: &str) -> ApiError {
    ApiError {
        field: Some("camera_id".to_owned()),
        ..ApiError::new(ErrorCode::CameraNotFound, ParameterMessage::NoSuchCamera { camera: id.to_owned() })
    }
}
