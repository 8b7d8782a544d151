//! Grants of cameras to users.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, SqlErr, TransactionTrait};
use uuid::Uuid;

use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::accounts::user::User;
use crate::server::db::entity::{camera, camera_access};
use crate::server::db::pool::Pool;

/// Returns the ids of the cameras that a user was granted.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn camera_ids(database: &Pool, user: Uuid) -> Result<Vec<String>, ApiError> {
    let grants = camera_access::Entity::find().filter(camera_access::Column::UserId.eq(user)).all(database).await;
    Ok(grants?.into_iter().map(|grant| grant.camera_id).collect())
}

/// Returns how many cameras each user was granted. Users without any are not included.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn count_per_user(database: &Pool) -> Result<HashMap<Uuid, i64>, ApiError> {
    let counts = camera_access::Entity::find()
        .select_only()
        .column(camera_access::Column::UserId)
        .column_as(camera_access::Column::CameraId.count(), "cameras")
        .group_by(camera_access::Column::UserId)
        .into_tuple()
        .all(database)
        .await;
    Ok(counts?.into_iter().collect())
}

/// Grants a user a camera. Doing it again changes nothing.
///
/// # Errors
/// Returns an error if there is no such camera, or the database does not answer.
pub async fn grant(database: &Pool, user: &User, camera: &str) -> Result<(), ApiError> {
    check_camera_exists(database, camera).await?;
    let grant = camera_access::Model { user_id: user.id, camera_id: camera.to_owned() };
    match camera_access::Entity::insert(grant.into_active_model()).exec_without_returning(database).await {
        Err(error) if !matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Revokes a user's access to a camera. Doing it again changes nothing.
///
/// # Errors
/// Returns an error if there is no such camera, or the database does not answer.
pub async fn revoke(database: &Pool, user: &User, camera: &str) -> Result<(), ApiError> {
    check_camera_exists(database, camera).await?;
    let revoked = camera_access::Entity::delete_by_id((user.id, camera.to_owned())).exec(database).await;
    revoked.map(drop).map_err(ApiError::from)
}

async fn check_camera_exists(database: &Pool, camera: &str) -> Result<(), ApiError> {
    let camera_row = camera::Entity::find_by_id(camera).one(database).await?;
    camera_row.map(drop).ok_or_else(|| ApiError {
        field: Some("camera".to_owned()),
        ..ApiError::new(ErrorCode::CameraNotFound, FormMessage::NoSuchCameraId { camera: camera.to_owned() })
    })
}

/// Grants some cameras and revokes others, in one transaction. Grants that are already as requested stay as they are.
///
/// # Errors
/// Returns an error if one of them does not exist, or the database does not answer; nothing has changed then.
pub async fn update(database: &Pool, user: &User, granted: &[String], revoked: &[String]) -> Result<(), ApiError> {
    // The rows per statement, because the number of parameters of a statement is limited.
    const BATCH: usize = 500;

    let change = async {
        let transaction = database.begin().await?;
        for ids in revoked.chunks(BATCH) {
            camera_access::Entity::delete_many()
                .filter(camera_access::Column::UserId.eq(user.id))
                .filter(camera_access::Column::CameraId.is_in(ids))
                .exec(&transaction)
                .await?;
        }
        let keep_existing = OnConflict::columns([camera_access::Column::UserId, camera_access::Column::CameraId])
            .do_nothing()
            .to_owned();
        for ids in granted.chunks(BATCH) {
            let grants = ids
                .iter()
                .map(|camera| camera_access::Model { user_id: user.id, camera_id: camera.clone() }.into_active_model());
            camera_access::Entity::insert_many(grants)
                .on_conflict(keep_existing.clone())
                .exec_without_returning(&transaction)
                .await?;
        }
        transaction.commit().await
    };
    match change.await {
        Err(error) if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))) => {
            Err(ApiError::invalid("camera_id", FormMessage::CamerasChanged))
        }
        other => other.map_err(ApiError::from),
    }
}
