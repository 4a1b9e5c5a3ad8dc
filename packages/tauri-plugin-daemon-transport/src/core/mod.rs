//! The rules of the plugin without sockets, clocks and Tauri: plain functions and state machines. Time comes
//! in as an argument, so that tables and generated cases test them.

pub mod address;
pub mod attempts;
pub mod consent;
pub mod endpoint;
pub mod endpoint_list;
pub mod entry;
pub mod grant;
pub mod headers;
pub mod id;
pub mod inbox;
pub mod liveness;
pub mod outbox;
pub mod ownership;
pub mod policy;
pub mod ports;
pub mod question;
pub mod reach;
pub mod slumber;
pub mod token;
pub mod upgrade;
pub mod wire;

#[cfg(test)]
mod boundary;
#[cfg(test)]
mod cases;
