use std::ffi::CStr;
use std::io;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{HANDLE, HMODULE};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_DELEGATE_REQUEST_PROPERTY_INFO, HTTP_FEATURE_ID, HTTP_REQUEST_PROPERTY,
    HTTP_REQUEST_PROPERTY_STREAM_ERROR, HttpFeatureDelegateEx, HttpFeatureResponseTrailers,
    HttpRequestPropertyStreamError,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress, LoadLibraryA};
use windows_sys::Win32::System::Performance::QueryPerformanceFrequency;

/// Says that the driver under Wine has what Wine's own lacks; for drivers that are tested.
const COMPLETE: &str = "TRANSOM_HTTP_SYS_WINE";

/// From which version on Wine has `HttpSendResponseEntityBody`.
const PIECES_SINCE: u32 = 10;

type WineVersion = unsafe extern "C" fn() -> *const core::ffi::c_char;
type IsFeatureSupported = unsafe extern "system" fn(HTTP_FEATURE_ID) -> i32;
type SetRequestProperty = unsafe extern "system" fn(
    HANDLE,
    u64,
    HTTP_REQUEST_PROPERTY,
    *const core::ffi::c_void,
    u32,
    *const OVERLAPPED,
) -> u32;

/// `HttpDelegateRequestEx`.
pub(super) type DelegateRequest = unsafe extern "system" fn(
    HANDLE,
    HANDLE,
    u64,
    u64,
    u32,
    *const HTTP_DELEGATE_REQUEST_PROPERTY_INFO,
) -> u32;
/// `HttpQueryRequestProperty`, which no header declares.
pub(super) type QueryRequestProperty = unsafe extern "system" fn(
    HANDLE,
    u64,
    HTTP_REQUEST_PROPERTY,
    *const core::ffi::c_void,
    u32,
    *mut core::ffi::c_void,
    u32,
    *mut u32,
    *const OVERLAPPED,
) -> u32;
/// `HttpFindUrlGroupId`.
pub(super) type FindUrlGroup =
    unsafe extern "system" fn(windows_sys::core::PCWSTR, HANDLE, *mut u64) -> u32;

/// What this system has of the API.
///
/// Functions of newer systems are looked up, for an import that is missing keeps a program from starting. Under Wine
/// some are exported, and end the process when they are called: those count as missing there.
#[derive(Debug)]
pub(crate) struct Platform {
    is_windows: bool,
    complete: bool,
    sends_pieces: bool,
    is_feature_supported: Option<IsFeatureSupported>,
    set_request_property: Option<SetRequestProperty>,
    delegate_request: Option<DelegateRequest>,
    query_request_property: Option<QueryRequestProperty>,
    find_url_group: Option<FindUrlGroup>,
}

impl Platform {
    /// Returns that of this process.
    pub(crate) fn get() -> &'static Self {
        static PLATFORM: OnceLock<Platform> = OnceLock::new();
        PLATFORM.get_or_init(Self::detect)
    }

    /// Returns whether there is what is in every Windows since 8: disconnects, cancelling a request, shutting a queue
    /// down, handing a connection over.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Returns whether several challenges can be sent so that the kernel completes them.
    pub(crate) fn completes_challenges(&self) -> bool {
        self.is_windows
    }

    /// Returns whether a response can be sent in pieces.
    pub(crate) fn sends_pieces(&self) -> bool {
        self.sends_pieces
    }

    /// Returns whether trailers can follow a response of HTTP/2.
    pub(crate) fn has_response_trailers(&self) -> bool {
        self.supports(HttpFeatureResponseTrailers)
    }

    /// Returns whether requests can be handed to other queues.
    pub(crate) fn has_delegation(&self) -> bool {
        self.delegate_request.is_some() && self.supports(HttpFeatureDelegateEx)
    }

    /// Returns whether requests have properties that can be asked for.
    pub(crate) fn has_request_properties(&self) -> bool {
        self.query_request_property.is_some()
    }

    /// Returns whether what TLS agreed on is a property of a request. `windows-sys` does not know that feature yet.
    pub(super) fn has_cipher_info(&self) -> bool {
        const HTTP_FEATURE_QUERY_CIPHER_INFO: HTTP_FEATURE_ID = 15;
        self.supports(HTTP_FEATURE_QUERY_CIPHER_INFO)
    }

    pub(super) fn delegate_request(&self) -> Option<DelegateRequest> {
        self.delegate_request
    }

    pub(super) fn query_request_property(&self) -> Option<QueryRequestProperty> {
        self.query_request_property
    }

    pub(super) fn find_url_group(&self) -> Option<FindUrlGroup> {
        self.find_url_group
    }

    /// Sets with which code the stream of a request is reset when it is cancelled. `None` where nobody can.
    pub(super) fn set_stream_error(&self, queue: HANDLE, request: u64, code: u32) -> Option<u32> {
        let set = self.set_request_property?;
        let property = HTTP_REQUEST_PROPERTY_STREAM_ERROR { ErrorCode: code };
        // SAFETY: `property` is what this property is set from, of the size that is given, and is read before the
        // call returns: nothing is overlapped.
        Some(unsafe {
            set(
                queue,
                request,
                HttpRequestPropertyStreamError,
                (&raw const property).cast(),
                size_of_val(&property) as u32,
                std::ptr::null(),
            )
        })
    }

    fn supports(&self, feature: HTTP_FEATURE_ID) -> bool {
        self.is_feature_supported.is_some_and(|is_supported| {
            // SAFETY: the function takes any number, and answers 0 for one that it does not know.
            unsafe { is_supported(feature) != 0 }
        })
    }

    fn detect() -> Self {
        // SAFETY: both names end with NUL. `ntdll` is in every process, and `httpapi` is never unloaded, since this
        // handle of it is not given back.
        let (ntdll, httpapi) = unsafe {
            (
                GetModuleHandleA(c"ntdll.dll".as_ptr().cast()),
                LoadLibraryA(c"httpapi.dll".as_ptr().cast()),
            )
        };
        let wine = address(ntdll, c"wine_get_version").map(|found| {
            // SAFETY: this is the type that Wine documents for it. It returns text that ends with NUL, and is static.
            let version =
                unsafe { CStr::from_ptr(std::mem::transmute::<Address, WineVersion>(found)()) };
            major(&version.to_string_lossy())
        });
        let is_wine = wine.is_some();
        let complete = std::env::var_os(COMPLETE).is_some_and(|value| value == "complete");
        // Under Wine whatever is not there today is a stub tomorrow.
        let look_up = |name| address(httpapi, name).filter(|_| !is_wine);
        Self {
            is_windows: !is_wine,
            complete: !is_wine || complete,
            sends_pieces: complete || wine.is_none_or(|major| major >= PIECES_SINCE),
            // SAFETY: this is the type that http.h declares under this name.
            is_feature_supported: look_up(c"HttpIsFeatureSupported")
                .map(|found| unsafe { std::mem::transmute::<Address, IsFeatureSupported>(found) }),
            // SAFETY: as above.
            set_request_property: look_up(c"HttpSetRequestProperty")
                .map(|found| unsafe { std::mem::transmute::<Address, SetRequestProperty>(found) }),
            // SAFETY: as above.
            delegate_request: look_up(c"HttpDelegateRequestEx")
                .map(|found| unsafe { std::mem::transmute::<Address, DelegateRequest>(found) }),
            // SAFETY: this is the type that Microsoft documents for it.
            query_request_property: look_up(c"HttpQueryRequestProperty").map(|found| unsafe {
                std::mem::transmute::<Address, QueryRequestProperty>(found)
            }),
            // SAFETY: this is the type that http.h declares under this name.
            find_url_group: look_up(c"HttpFindUrlGroupId")
                .map(|found| unsafe { std::mem::transmute::<Address, FindUrlGroup>(found) }),
        }
    }
}

fn major(version: &str) -> u32 {
    let digits = version.split(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

type Address = unsafe extern "system" fn() -> isize;

fn address(module: HMODULE, name: &CStr) -> Option<Address> {
    if module.is_null() {
        return None;
    }
    // SAFETY: the module is loaded, and the name ends with NUL.
    unsafe { GetProcAddress(module, name.as_ptr().cast()) }
}

/// Returns how many times a second the performance counter ticks.
pub(crate) fn counter_frequency() -> u64 {
    let mut frequency = 0;
    // SAFETY: there is room for a number. It never fails.
    unsafe { QueryPerformanceFrequency(&mut frequency) };
    u64::try_from(frequency).unwrap_or(0)
}

/// Returns text as the system wants it: in UTF-16, with a NUL at its end.
pub(super) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// Makes an error of what a function of the API returns.
pub(super) fn check(code: u32) -> io::Result<()> {
    match code {
        0 => Ok(()),
        code => Err(error(code)),
    }
}

pub(super) fn error(code: u32) -> io::Error {
    // The same bits, as the standard library has them.
    io::Error::from_raw_os_error(code as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_wine_is_its_first_number() {
        for (version, first) in [("8.0", 8), ("10.0-rc2", 10), ("9", 9), ("", 0), ("x", 0)] {
            assert_eq!(major(version), first);
        }
    }
}
