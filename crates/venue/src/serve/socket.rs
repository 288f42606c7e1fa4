//! One WebSocket: reads frames into the front, writes its mail.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::SinkExt;
use tokio::sync::Notify;

use crate::front::ConnId;
use crate::serve::Shared;
use crate::serve::mail::Mail;

/// Carries a socket until either side ends it.
pub(crate) async fn run(
    shared: Arc<Shared>,
    conn: ConnId,
    arrived: Arc<Notify>,
    mut socket: WebSocket,
) {
    let mut mail = VecDeque::new();
    loop {
        let message = tokio::select! {
            message = socket.recv() => Some(message),
            () = arrived.notified() => None,
        };
        match message {
            Some(Some(Ok(message))) => take(&shared, conn, &message),
            // The client is gone, politely or not.
            Some(Some(Err(_)) | None) => break,
            None => {}
        }
        {
            let mut shell = shared.lock();
            match shell.mail.get_mut(&conn) {
                Some(mailbox) => mailbox.take(&mut mail),
                None => break,
            }
        }
        if !write(&mut socket, &mut mail).await {
            break;
        }
    }
    forget(&shared, conn);
}

/// Takes a closed socket out of the books.
pub(crate) fn forget(shared: &Shared, conn: ConnId) {
    let mut shell = shared.lock();
    shell.front.ws_closed(conn);
    shell.mail.remove(&conn);
    if shell.mail.is_empty() {
        shared.empty.notify_one();
    }
}

/// Hands a client's frame to the front.
fn take(shared: &Shared, conn: ConnId, message: &Message) {
    let mut shell = shared.lock();
    let now = shared.clock.now();
    match message {
        Message::Text(text) => shell.front.ws_text(now, conn, text.as_bytes()),
        Message::Binary(bytes) => shell.front.ws_text(now, conn, bytes),
        Message::Ping(_) => shell.front.ws_ping(now, conn),
        Message::Pong(_) => shell.front.ws_pong(now, conn),
        // The transport answers it and the next read finds the end.
        Message::Close(_) => {}
    }
    shared.pump(&mut shell);
}

/// Writes all mail in one flush; false once nothing may follow.
async fn write(socket: &mut WebSocket, mail: &mut VecDeque<Mail>) -> bool {
    if mail.is_empty() {
        return true;
    }
    while let Some(item) = mail.pop_front() {
        let (message, last) = match item {
            Mail::Text(text) => (Message::Text((&*text).into()), false),
            Mail::Ping(payload) => (Message::Ping(payload.into()), false),
            Mail::Close { code, reason } => {
                let frame = CloseFrame {
                    code,
                    reason: reason.into(),
                };
                (Message::Close(Some(frame)), true)
            }
        };
        if socket.feed(message).await.is_err() {
            return false;
        }
        if last {
            let _ = socket.flush().await;
            return false;
        }
    }
    socket.flush().await.is_ok()
}
