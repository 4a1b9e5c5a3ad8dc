//! The rules of the plugin without sockets, clocks and Tauri: plain functions and state machines. Time comes
//! in as an argument, so that tables and generated cases test them.

pub mod endpoint;
pub mod headers;
pub mod id;
pub mod inbox;
pub mod liveness;
pub mod outbox;
pub mod ownership;
pub mod policy;
pub mod upgrade;
pub mod wire;
