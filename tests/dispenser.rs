//! The contract of the resource dispenser: every row of its state table and every decision (D-1 and on), as whole
//! sequences of what a driver is asked.

#![allow(clippy::undocumented_unsafe_blocks, reason = "everything here goes through the C border")]

#[path = "dispenser/context.rs"]
mod context;
#[path = "dispenser/driver.rs"]
mod driver;
#[path = "dispenser/scene.rs"]
mod scene;

#[path = "dispenser/choosing.rs"]
mod choosing;
#[path = "dispenser/closing.rs"]
mod closing;
#[path = "dispenser/closing_meanwhile.rs"]
mod closing_meanwhile;
#[path = "dispenser/creating.rs"]
mod creating;
#[path = "dispenser/facts.rs"]
mod facts;
#[path = "dispenser/figures.rs"]
mod figures;
#[path = "dispenser/giving_up.rs"]
mod giving_up;
#[path = "dispenser/idle.rs"]
mod idle;
#[path = "dispenser/meetings.rs"]
mod meetings;
#[path = "dispenser/objects.rs"]
mod objects;
#[path = "dispenser/overdue.rs"]
mod overdue;
#[path = "dispenser/reentry.rs"]
mod reentry;
#[path = "dispenser/registering.rs"]
mod registering;
#[path = "dispenser/returning.rs"]
mod returning;
#[path = "dispenser/rows_in_use.rs"]
mod rows_in_use;
#[path = "dispenser/rows_leaving.rs"]
mod rows_leaving;
#[path = "dispenser/rows_tracked.rs"]
mod rows_tracked;
#[path = "dispenser/sweeper.rs"]
mod sweeper;
#[path = "dispenser/tracking.rs"]
mod tracking;
#[path = "dispenser/transactions.rs"]
mod transactions;
#[path = "dispenser/windows.rs"]
mod windows;
