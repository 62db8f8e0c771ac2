//! What the page's first script calls. Addresses are of this program's memory, good until the next
//! call of [`room`] or [`unpack`].
//!
//! 1. [`room`] for a part, into which the script writes it;
//! 2. [`unpack`], which gives how much there is to read at [`unpacked`], or that the part is broken;
//! 3. at the end, [`ended`]: whether it was the end of the packed text too.
#![allow(
    unsafe_code,
    reason = "names for a script, and one state for all calls: this program has one thread"
)]

use alloc::vec::Vec;
use core::arch::wasm32;
use core::cell::RefCell;
use core::panic::PanicInfo;
use core::ptr;

use dlmalloc::GlobalDlmalloc;

use crate::Unpacker;

#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;

/// The script sees a `WebAssembly.RuntimeError`, and says it in the page.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    wasm32::unreachable()
}

struct State {
    unpacker: Option<Unpacker>,
    part: Vec<u8>,
}

struct OneThread(RefCell<State>);

// SAFETY: this program is started without shared memory: no second thread can exist.
unsafe impl Sync for OneThread {}

static STATE: OneThread = OneThread(RefCell::new(State { unpacker: None, part: Vec::new() }));

/// Where the next part of the packed text is to be written: this many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    let part = &mut STATE.0.borrow_mut().part;
    part.resize(bytes, 0);
    part.as_mut_ptr()
}

/// Unpacks the part; gives the number of bytes that it added, or -1 where it is broken.
#[unsafe(no_mangle)]
pub extern "C" fn unpack() -> i32 {
    let State { unpacker, part } = &mut *STATE.0.borrow_mut();
    let added = unpacker.get_or_insert_default().unpack(part);
    added.ok().and_then(|added| i32::try_from(added.len()).ok()).unwrap_or(-1)
}

/// Where the bytes stand that the last part added.
#[unsafe(no_mangle)]
pub extern "C" fn unpacked() -> *const u8 {
    STATE.0.borrow().unpacker.as_ref().map_or(ptr::null(), |unpacker| unpacker.unpacked.as_ptr())
}

/// Whether the packed text has come to its end.
#[unsafe(no_mangle)]
pub extern "C" fn ended() -> bool {
    STATE.0.borrow().unpacker.as_ref().is_some_and(Unpacker::ended)
}
