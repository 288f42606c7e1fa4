//! The floor: bytes of a frame's size one way, bytes of an order's size back,
//! over one TCP connection and nothing else.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::{PACE, Placement};

/// A bookTicker frame with its WebSocket header.
const TICK_BYTES: usize = 210;
/// A signed amendment with its WebSocket header.
const ORDER_BYTES: usize = 420;

/// Two ends that have connected.
pub(crate) struct Echo {
    near: TcpStream,
    place: Placement,
    far: JoinHandle<()>,
}

impl Echo {
    pub(crate) fn start(place: Placement) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("its address");
        let far = thread::spawn(move || {
            pin(place.maker);
            let (mut socket, _) = listener.accept().expect("a peer");
            prepare(&socket, place.busy);
            let (mut tick, order) = ([0; TICK_BYTES], [7; ORDER_BYTES]);
            while read(&mut socket, &mut tick) {
                if socket.write_all(&order).is_err() {
                    return;
                }
            }
        });
        let near = TcpStream::connect(addr).expect("the far end");
        prepare(&near, place.busy);
        Self { near, place, far }
    }

    /// Round trips in ns, paced.
    pub(crate) fn rounds(self, count: usize) -> Vec<u64> {
        let Self {
            mut near,
            place,
            far,
        } = self;
        let samples = thread::spawn(move || {
            pin(place.venue);
            let (tick, mut order) = ([1; TICK_BYTES], [0; ORDER_BYTES]);
            let mut samples = Vec::with_capacity(count);
            for _ in 0..count {
                wait(place.busy);
                let begun = Instant::now();
                near.write_all(&tick).expect("the far end reads");
                assert!(read(&mut near, &mut order), "the far end answers");
                samples.push(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
            }
            samples
        });
        let samples = samples.join().expect("the near end");
        far.join().expect("the far end");
        samples
    }
}

/// The pace; spinning where the real thing would spin.
fn wait(busy: bool) {
    if !busy {
        return thread::sleep(PACE);
    }
    let begun = Instant::now();
    while begun.elapsed() < PACE {
        std::hint::spin_loop();
    }
}

fn prepare(socket: &TcpStream, busy: bool) {
    socket.set_nodelay(true).expect("an option");
    socket.set_nonblocking(busy).expect("an option");
}

/// Fills `bytes`; false once the peer has gone.
fn read(socket: &mut TcpStream, bytes: &mut [u8]) -> bool {
    let mut filled = 0;
    while filled < bytes.len() {
        match socket.read(&mut bytes[filled..]) {
            Ok(0) => return false,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
            Err(_) => return false,
        }
    }
    true
}

fn pin(core: usize) {
    core_affinity::set_for_current(core_affinity::CoreId { id: core });
}
