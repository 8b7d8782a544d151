//! The options in Cargo.toml that the tasks share with cargo-leptos.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use toml::Table;

/// The project's Cargo.toml.
#[derive(Debug)]
pub struct Manifest(Table);

impl Manifest {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read or is not TOML.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self(text.parse().with_context(|| format!("{} is not valid TOML", path.display()))?))
    }

    /// Returns a key of `[package]`.
    ///
    /// # Errors
    /// If it is not set.
    pub fn package(&self, key: &str) -> anyhow::Result<&str> {
        let value = self.0.get("package").and_then(|package| package.get(key)).and_then(|value| value.as_str());
        value.with_context(|| format!("package.{key} is not set in Cargo.toml"))
    }

    /// Returns a path in `[package.metadata.leptos]`.
    ///
    /// # Errors
    /// If it is not set.
    pub fn leptos_path(&self, key: &str) -> anyhow::Result<PathBuf> {
        self.leptos(key).map(PathBuf::from)
    }

    /// Returns a text in `[package.metadata.leptos]`.
    ///
    /// # Errors
    /// If it is not set.
    pub fn leptos(&self, key: &str) -> anyhow::Result<&str> {
        let value = self.leptos_value(key).and_then(|value| value.as_str());
        value.with_context(|| format!("package.metadata.leptos.{key} is not set in Cargo.toml"))
    }

    /// Returns a list of texts in `[package.metadata.leptos]`.
    ///
    /// # Errors
    /// If it is not set.
    pub fn leptos_list(&self, key: &str) -> anyhow::Result<Vec<&str>> {
        let value = self.leptos_value(key).and_then(|value| value.as_array());
        let values = value.with_context(|| format!("package.metadata.leptos.{key} is not set in Cargo.toml"))?;
        Ok(values.iter().filter_map(|value| value.as_str()).collect())
    }

    fn leptos_value(&self, key: &str) -> Option<&toml::Value> {
        self.0.get("package")?.get("metadata")?.get("leptos")?.get(key)
    }

    #[cfg(test)]
    pub fn parse(text: &str) -> Self {
        Self(text.parse().expect("valid TOML"))
    }
}
