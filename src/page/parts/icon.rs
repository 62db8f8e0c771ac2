//! Icons: a few strokes of SVG in the text's colour. Screen readers skip them: the button has a
//! label.

use leptos::prelude::*;

/// An icon by name; an unknown name draws nothing.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    let path = match name {
        "add" => "M8 3v10M3 8h10",
        "close" => "M4 4l8 8M12 4l-8 8",
        "down" => "M8 3v7M5 7.5 8 10.5 11 7.5M3 13h10",
        "up" => "M8 10.5V3.5M5 6.5 8 3.5 11 6.5M3 13h10",
        "play" => "M5 3.5v9l7-4.5z",
        "stop" => "M4 4h8v8H4z",
        "link" => {
            "M6.5 9.5l3-3M7 5l1.5-1.5a2.5 2.5 0 0 1 4 4L11 9M5 7 3.5 8.5a2.5 2.5 0 0 0 4 4L9 11"
        }
        "tag" => "M8.5 2.5H13.5V7.5L7.5 13.5 2.5 8.5zM11 5v.1",
        "trash" => "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 8.5h6l.5-8.5",
        "pen" => "M3 13l.7-2.8L10.5 3.4l2.1 2.1-6.8 6.8z",
        "sun" => {
            "M8 5.2A2.8 2.8 0 1 1 8 10.8 2.8 2.8 0 0 1 8 5.2M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 \
             8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"
        }
        "moon" => "M12.8 9.6A5.3 5.3 0 0 1 6.4 3.2a5.3 5.3 0 1 0 6.4 6.4z",
        "auto" => "M8 2.5a5.5 5.5 0 1 1 0 11zM8 2.5a5.5 5.5 0 0 0 0 11",
        "check" => "M3.5 8.5l3 3 6-7",
        "warn" => "M8 2.5 14 13H2zM8 6.5v3M8 11.2v.3",
        "swap" => "M3 5.5h9M9.5 3 12 5.5 9.5 8M13 10.5H4M6.5 8 4 10.5 6.5 13",
        _ => "",
    };
    let filled = matches!(name, "play" | "stop");
    view! {
        <svg
            class="icon"
            class:icon-filled=filled
            viewBox="0 0 16 16"
            width="16"
            height="16"
            aria-hidden="true"
            focusable="false"
        >
            <path d=path />
        </svg>
    }
}
