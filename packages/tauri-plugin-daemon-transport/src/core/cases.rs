//! How many histories the models of the core are driven through.

/// For each model. A fault that one history in 10,000 shows is missed by this many once in 22,000 runs (e^-10); all
/// models together still take less than a minute on one core in a release build.
pub const CASES: u32 = 100_000;
