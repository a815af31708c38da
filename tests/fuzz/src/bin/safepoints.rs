//! libFuzzer's way into [`codehook_fuzz::safepoints`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codehook_fuzz::safepoints(data));
