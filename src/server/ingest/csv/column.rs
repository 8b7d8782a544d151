//! The positions of the columns in the file. They are derived from [`COLUMNS`](crate::export_params::COLUMNS) by name, so an
//! unknown name does not compile.

use crate::export_params::column_index;

pub const TIMESTAMP: usize = column_index("timestamp");
pub const CAMERA_ID: usize = column_index("camera_id");
pub const CAMERA_NAME: usize = column_index("camera_name");
pub const CONFIDENCE: usize = column_index("confidence");
pub const ALGORITHM: usize = column_index("algorithm");
pub const X: usize = column_index("x");
pub const Y: usize = column_index("y");
pub const WIDTH: usize = column_index("width");
pub const HEIGHT: usize = column_index("height");
pub const ZONE_ID: usize = column_index("zone_id");
