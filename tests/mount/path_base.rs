use transom::adapter::Arrival;
use transom::features::{OriginalTarget, PathBase};
use transom::{Request, RequestExt};

use crate::support::{get, mounted, telling, text};

fn tell(request: &Request) -> String {
    let base = request.feature::<PathBase>().map(PathBase::as_str);
    let target = request.feature::<OriginalTarget>().unwrap();
    format!("{} {} {target}", base.unwrap_or("none"), request.uri())
}

fn base(path: &str) -> PathBase {
    PathBase::new(path).unwrap()
}

#[tokio::test]
async fn a_prefix_that_the_framework_leaves_is_taken_off() {
    let mount = mounted(telling(tell)).with_path_base(base("/app"));
    for (target, told) in [
        ("/app/a%2Fb?q", "/app /a%2Fb?q /app/a%2Fb?q"),
        ("/app", "/app / /app"),
        ("/APP/x", "/APP /x /APP/x"),
        ("/apple", "none /apple /apple"),
        ("/other", "none /other /other"),
    ] {
        let answer = text(mount.call(get(target), Arrival::default()).await).await;
        assert_eq!(answer, told);
    }
}

#[tokio::test]
async fn a_prefix_that_the_framework_took_off_is_told_of() {
    let mount = mounted(telling(tell)).with_stripped_path_base(base("/app"));
    for (target, told) in [
        ("/a?q", "/app /a?q /app/a?q"),
        ("/", "/app / /app/"),
        ("/app/a", "/app /app/a /app/app/a"),
    ] {
        let answer = text(mount.call(get(target), Arrival::default()).await).await;
        assert_eq!(answer, told);
    }
}

#[tokio::test]
async fn one_mount_can_be_at_several_places() {
    let mount = mounted(telling(tell));
    let there = mount.clone().with_path_base(base("/there"));
    let answer = text(there.call(get("/there/a"), Arrival::default()).await).await;
    assert_eq!(answer, "/there /a /there/a");
    let arrival = Arrival::default().with_path_base(base("/here"));
    let answer = text(mount.call(get("/here/a"), arrival).await).await;
    assert_eq!(answer, "/here /a /here/a");
    assert_eq!(mount.statistics().total_requests(), 2, "they count as one");
}
