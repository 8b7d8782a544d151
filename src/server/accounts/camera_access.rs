//! Decides which cameras a user may see, for pages, exports and the command line.
//!
//! Checked on every use, so a revoked grant takes effect at the next check.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::credential::Credential;
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::messages::parameters::ParameterMessage;
use crate::server::accounts::camera_access::access_lost::AccessLost;
use crate::server::accounts::camera_access::camera_filter::{CameraFilter, SelectedCamera};
use crate::server::accounts::name::order::sort_key;
use crate::server::db::clock::Clock;
use crate::server::db::entity::{api_token, camera, camera_access, session, user};
use crate::server::db::pool::Pool;

pub mod access_lost;
pub mod camera_filter;
pub mod grants;
pub mod listing;

/// The user on whose behalf cameras are read.
#[derive(Clone, Debug)]
pub enum CameraAccess {
    /// The operator, who runs commands on the server, has the database itself, and sees all cameras.
    Unrestricted,
    /// A user.
    User {
        /// The id of the user.
        id: Uuid,
        /// The credential of the user, and the clock by which it expires; `None` for `--as`.
        credential: Option<(Credential, Clock)>,
    },
}

impl CameraAccess {
    /// Returns the id of the user; `None` for the operator.
    pub fn user_id(&self) -> Option<Uuid> {
        match self {
            Self::Unrestricted => None,
            Self::User { id, .. } => Some(*id),
        }
    }

    /// Returns the visible cameras, in the [order](sort_key) of their names. Those without a name are sorted by their ids.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn cameras(&self, database: &impl ConnectionTrait) -> Result<Vec<camera::Model>, DbErr> {
        let all = self.sees_all(database).await?;
        let mut cameras = self.cameras_of(all, &[], database).await?;
        cameras.sort_by_cached_key(|camera| (sort_key(camera.name.as_ref().unwrap_or(&camera.id)), camera.id.clone()));
        Ok(cameras)
    }

    /// Returns the visible cameras with the ids of `requested`, or all of them if it is empty.
    async fn cameras_of(
        &self,
        all: bool,
        requested: &[String],
        database: &impl ConnectionTrait,
    ) -> Result<Vec<camera::Model>, DbErr> {
        let mut cameras = camera::Entity::find();
        if !requested.is_empty() {
            cameras = cameras.filter(camera::Column::Id.is_in(requested));
        }
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

    /// Returns the cameras of an export that requests `requested`, and what is stored of them. An empty list requests all
    /// visible cameras. A hidden camera and a missing one are the same here.
    ///
    /// # Errors
    /// Returns `camera_not_found` for a camera that is not visible, or the error of the database.
    pub async fn select(
        &self,
        database: &Pool,
        requested: Vec<String>,
    ) -> Result<(CameraFilter, Vec<camera::Model>), SelectError> {
        let all = self.sees_all(database).await?;
        let stored = self.cameras_of(all, &requested, database).await?;
        let selected = |id: &str, key: i32| SelectedCamera { key, id: id.to_owned() };
        let cameras = if !requested.is_empty() {
            let keys: HashMap<&str, i32> = stored.iter().map(|camera| (&*camera.id, camera.key)).collect();
            let requested = requested.iter().map(|id| keys.get(&**id).map(|key| selected(id, *key)).ok_or(id));
            match requested.collect() {
                Ok(requested) => CameraFilter::Only(requested),
                Err(unknown) => return Err(SelectError::Refused(no_such_camera(unknown))),
            }
        } else if all {
            CameraFilter::All
        } else {
            let mut visible: Vec<_> = stored.iter().map(|camera| selected(&camera.id, camera.key)).collect();
            visible.sort_by_key(|camera| camera.key);
            CameraFilter::Only(visible)
        };
        Ok((cameras, stored))
    }

    /// Returns why the user no longer sees these cameras, or is no longer authenticated; `None` if nothing has changed.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn lost_access(
        &self,
        database: &impl ConnectionTrait,
        cameras: &CameraFilter,
    ) -> Result<Option<AccessLost>, DbErr> {
        let Self::User { id, credential } = self else { return Ok(None) };
        let Some(role) = self.role(database).await? else {
            return AccessLost::find(database, *id, credential.as_ref()).await.map(Some);
        };
        if role == Role::Admin.as_str() {
            return Ok(None);
        }
        let CameraFilter::Only(cameras) = cameras else { return Ok(Some(AccessLost::AdministratorDemoted)) };
        let granted = camera_access::Entity::find()
            .filter(camera_access::Column::UserId.eq(*id))
            .filter(camera_access::Column::CameraId.is_in(cameras.iter().map(|camera| &*camera.id)))
            .count(database)
            .await?;
        if granted == cameras.len() as u64 {
            return Ok(None);
        }
        // The user may have been removed between the two queries, and all grants with the user.
        Ok(Some(match self.role(database).await? {
            Some(_) => AccessLost::CameraRevoked,
            None => AccessLost::find(database, *id, credential.as_ref()).await?,
        }))
    }

    /// Returns the current role of the user. `None` without a user, and if the account or the credential has ended. An idle
    /// session has not ended.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn current_role(&self, database: &impl ConnectionTrait) -> Result<Option<Role>, DbErr> {
        Ok(self.role(database).await?.and_then(|role| role.parse().ok()))
    }

    async fn sees_all(&self, database: &impl ConnectionTrait) -> Result<bool, DbErr> {
        Ok(match self {
            Self::Unrestricted => true,
            Self::User { .. } => self.role(database).await?.as_deref() == Some(Role::Admin.as_str()),
        })
    }

    /// Returns the role of the user, if the user still exists and the credential is still valid.
    async fn role(&self, database: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
        let Self::User { id, credential } = self else { return Ok(None) };
        let mut role = user::Entity::find().select_only().column(user::Column::Role).filter(user::Column::Id.eq(*id));
        role = match credential {
            None => role,
            Some((Credential::Session(hash) | Credential::SignedUrl(hash), clock)) => {
                let valid = session::Entity::find().select_only().expr(Expr::val(1));
                // An expired session may still be in the table. An idle one does not count as expired here, because an
                // export may take long.
                let valid = valid.filter(session::Column::ExpiresAt.gt(clock.now()));
                let valid = valid.filter(session::Column::IdHash.eq(hash.clone()));
                role.filter(Expr::exists(QueryTrait::into_query(valid)))
            }
            Some((Credential::Token(token) | Credential::WriteToken { id: token, .. }, clock)) => {
                let valid = api_token::Entity::find().select_only().expr(Expr::val(1));
                let valid =
                    valid.filter(api_token::Column::Id.eq(*token)).filter(api_token::Column::RevokedAt.is_null());
                let end = api_token::Column::ExpiresAt;
                let valid = valid.filter(end.is_null().or(end.gt(clock.now())));
                role.filter(Expr::exists(QueryTrait::into_query(valid)))
            }
        };
        role.into_tuple().one(database).await
    }
}

/// The error of a selection of cameras.
#[derive(Debug)]
pub enum SelectError {
    /// It contains a camera that the user does not see.
    Refused(ApiError),
    /// The database does not answer.
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

/// Returns the error for a camera that does not exist, or that the user does not see.
pub fn no_such_camera(id: &str) -> ApiError {
    ApiError {
        field: Some("camera_id".to_owned()),
        ..ApiError::new(ErrorCode::CameraNotFound, ParameterMessage::NoSuchCamera { camera: id.to_owned() })
    }
}
