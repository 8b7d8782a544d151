//! PostgreSQL clusters of a single test, which may stop and start them.

use std::path::{Path, PathBuf};
use std::process::Command;

use motion_export::server::db::connect::{self, IfMissing};
use motion_export::server::db::pool::Pool;
use motion_export::server::settings;
use uuid::Uuid;

use crate::app::TestDatabase;
use crate::backend;

/// A cluster in a folder, at a port. Dropping it removes the cluster.
pub struct Cluster(PathBuf, u16);

impl Cluster {
    /// Starts a cluster with these settings besides the default ones.
    pub fn start_new(settings: &[&str]) -> Self {
        let cluster = Self::unmade();
        cluster.control("make", &[]);
        cluster.start(settings);
        cluster
    }

    /// Starts a replica of this cluster.
    pub fn replica(&self, settings: &[&str]) -> Self {
        let replica = Self::unmade();
        replica.control("copy", &[self.0.to_str().unwrap()]);
        replica.start(settings);
        replica
    }

    fn unmade() -> Self {
        // Its owner is another user, so it cannot be in a folder of this one.
        Self(std::env::temp_dir().join(format!("motion-export-cluster-{}", Uuid::new_v4().simple())), 5_432)
    }

    pub fn start(&self, settings: &[&str]) {
        self.control("start", settings);
    }

    pub fn stop(&self, mode: &str) {
        self.control("stop", &[mode]);
    }

    /// Promotes the replica.
    pub fn promote(&self) {
        self.control("promote", &[]);
    }

    /// Starts a cluster that encrypts connections to a port of 127.0.0.1. Returns that port, and its certificate.
    pub fn encrypted() -> (Self, u16, String) {
        let mut cluster = Self::unmade();
        cluster.control("make", &[]);
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        cluster.1 = port;
        cluster.control("encrypt", &[&port.to_string()]);
        cluster.start(&[]);
        let certificate = std::fs::read_to_string(cluster.0.join("data/server.crt")).unwrap();
        (cluster, port, certificate)
    }

    /// Makes an address, which is the path of a link, lead to this cluster.
    pub fn take(&self, address: &Path) {
        let new = address.with_extension("new");
        std::os::unix::fs::symlink(&self.0, &new).unwrap();
        std::fs::rename(new, address).unwrap();
    }

    fn control(&self, action: &str, arguments: &[&str]) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/postgres");
        let output = Command::new(script).arg(action).arg(&self.0).args(arguments).output().unwrap();
        assert!(output.status.success(), "{action}: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn url(&self) -> String {
        backend::url_of(&self.0, "postgres")
    }

    /// Returns a connection of the test itself.
    pub async fn connection(&self) -> Pool {
        let url = self.url().replace("localhost", &format!("localhost:{}", self.1));
        let settings = settings::Database { url, ..Default::default() };
        connect::open(&settings, IfMissing::Refuse).await.unwrap()
    }

    pub fn psql(&self, sql: &str) -> String {
        backend::psql_at(&self.0, self.1, "postgres", sql).unwrap()
    }

    /// Returns the log of the server.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.0.join("log")).unwrap_or_default()
    }

    /// Creates a migrated database with two cameras and nothing else.
    pub async fn database(&self) -> TestDatabase {
        let database = TestDatabase::at(self.url()).await;
        database.add_camera("front", Some("Front Door")).await;
        database.add_camera("back", Some("Back Yard")).await;
        database
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.control("remove", &[]);
    }
}
