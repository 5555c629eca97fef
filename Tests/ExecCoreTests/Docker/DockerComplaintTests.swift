import Testing

@testable import ExecCore

/// What engines say when something is wrong, as they say it, and what is made of it.
@Suite struct DockerComplaintTests {
    private static let cases: [(said: String, complaint: DockerComplaint)] =
        images + reaching + settings + limits

    private static let images: [(said: String, complaint: DockerComplaint)] = [
        (
            """
            Unable to find image 'lab:1' locally\ndocker: Error response from daemon: pull access denied \
            for lab
            """, .imageMissing
        ),
        ("docker: Error response from daemon: No such image: lab:1.", .imageMissing),
        ("Error: lab:1: image not known", .imageMissing),
        ("Error: No such object: lab:1", .imageMissing),
        ("time=\"now\" level=fatal msg=\"image not available: \\\"lab:1\\\"\"", .imageMissing),
        ("docker: error contacting notary server: dial tcp: lookup notary.docker.io: no such host.", .imageNotSigned),
        ("Error: remote trust data does not exist for docker.io/library/lab", .imageNotSigned),
        ("docker: No valid trust data for latest.", .imageNotSigned),
        (
            """
            docker: Error response from daemon: image with reference lab:1 was found but does not match the\
             specified platform: wanted linux/amd64, actual: linux/arm64/v8.
            """, .imageForOtherProcessor
        ),
        ("exec /usr/bin/python3: exec format error", .imageForOtherProcessor),
        (
            "Error: no image found in manifest list for architecture arm64, variant \"v8\", OS linux",
            .imageForOtherProcessor
        ),
    ]

    private static let reaching: [(said: String, complaint: DockerComplaint)] = [
        (
            """
            Failed to initialize: unable to resolve docker endpoint: context "lab": context not found: open\
             /root/.docker/contexts/meta/8a/meta.json: no such file or directory
            """, .contextMissing
        ),
        ("Current context \"lab\" is not found on the file system, please check your config file", .contextMissing),
        (
            """
            docker: permission denied while trying to connect to the Docker daemon socket at \
            unix:///var/run/docker.sock: Get "http://x": dial unix /var/run/docker.sock: connect: \
            permission denied.
            """, .accountNotAllowed
        ),
        ("Error: dial unix /run/podman/podman.sock: connect: permission denied", .accountNotAllowed),
        (
            """
            error during connect: Get "https://far:2376/v1.48/version": tls: failed to verify certificate: x509: \
            certificate signed by unknown authority
            """, .certificateRefused
        ),
        (
            """
            the server probably has client authentication (--tlsverify) enabled; check your TLS client certification \
            settings: Get "https://far:2376/v1.50/version": remote error: tls: bad certificate
            """, .certificateRefused
        ),
        (
            "Failed to initialize: unable to resolve docker endpoint: open /nowhere/ca.pem: no such file or directory",
            .certificateRefused
        ),
        ("Error response from daemon: Client sent an HTTP request to an HTTPS server.", .certificateRefused),
        ("Cannot connect to the Docker daemon at tcp://far:2375. Is the docker daemon running?", .unreachable),
        (
            """
            failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is \
            correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or \
            directory
            """, .unreachable
        ),
        ("error during connect: Head \"http://x:2375/_ping\": dial tcp: lookup x: no such host", .unreachable),
        (
            """
            error during connect: Get "http://docker.example.com/v1.24/info": command [ssh -- far docker \
            system dial-stdio] has exited with exit status 255: stderr=ssh: connect to host far port 22: \
            Connection refused
            """, .unreachable
        ),
        ("docker: dial tcp 127.0.0.1:1: connect: connection refused.", .unreachable),
        (
            """
            Cannot connect to Podman. Please verify your connection to the Linux system using `podman \
            system connection list`, or try `podman machine init` and `podman machine start` to manage a \
            new Linux VM\nError: unable to connect to Podman socket: dial tcp 127.0.0.1:53: connect: \
            connection refused
            """, .unreachable
        ),
        (
            """
            time="now" level=fatal msg="cannot access containerd socket \
            \\"/run/containerd/containerd.sock\\": no such file or directory"
            """, .unreachable
        ),
        (
            """
            level=fatal msg="rootless containerd not running? (hint: use \
            `containerd-rootless-setuptool.sh`)"
            """, .unreachable
        ),
    ]

    private static let settings: [(said: String, complaint: DockerComplaint)] = [
        ("docker: Error response from daemon: unknown or invalid runtime name: runsc.", .runtimeMissing),
        ("docker: Error response from daemon: Unknown runtime specified runsc.", .runtimeMissing),
        ("Error: default OCI runtime \"runsc\" not found: invalid argument", .runtimeMissing),
        ("docker: Error response from daemon: network lab not found.", .networkMissing),
        ("Error: unable to find network with name or ID lab: network not found", .networkMissing),
        (
            """
            docker: Error response from daemon: invalid mount config for type "bind": bind source path does\
             not exist: /x.
            """, .mountRefused
        ),
        (
            """
            docker: Error response from daemon: Mounts denied: \nThe path /x is not shared from the host \
            and is not known to Docker.
            """, .mountRefused
        ),
        (
            """
            docker: Error response from daemon: error while creating mount source path '/x': mkdir /x: \
            read-only file system.
            """, .mountRefused
        ),
        ("Error: statfs /x: no such file or directory", .mountRefused),
        ("unknown flag: --pull\nSee 'docker run --help'.", .flagUnknown),
        (
            """
            docker: Error response from daemon: failed to create task for container: failed to create shim \
            task: OCI runtime create failed: runc create failed: unable to start container process: exec: \
            "python3": executable file not found in $PATH: unknown.
            """, .pythonMissing
        ),
        ("Error: crun: executable file `python3` not found in $PATH: No such file or directory", .pythonMissing),
    ]

    private static let limits: [(said: String, complaint: DockerComplaint)] = [
        (
            """
            Error: runc: runc create failed: unable to start container process: error setting rlimit type \
            7: operation not permitted: OCI permission denied
            """, .limitsRefused
        ),
        ("Error: crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted: OCI permission denied", .limitsRefused),
        ("Error: OCI runtime error: crun: the requested cgroup controller `pids` is not available", .controlGroups),
        (
            """
            docker: Error response from daemon: NanoCPUs can not be set, as your kernel does not support \
            CPU CFS scheduler.
            """, .controlGroups
        ),
        (
            """
            docker: Error response from daemon: failed to create task for container: failed to create shim \
            task: OCI runtime create failed: runc create failed: unable to apply cgroup configuration: \
            mkdir /sys/fs/cgroup/pids/docker: no space left on device: unknown.
            """, .controlGroups
        ),
        (
            "Error: cannot find UID/GID for user ann: no subuid ranges found for user \"ann\" in /etc/subuid",
            .userIDsMissing
        ),
        (
            """
            Error: potentially insufficient UIDs or GIDs available in user namespace: there might not be \
            enough IDs available in the namespace
            """, .userIDsMissing
        ),
        ("Error: crun: setresuid to `90000`: Invalid argument: OCI runtime error", .userIDsMissing),
        ("docker: Error response from daemon: write /var/lib/docker/x: no space left on device.", .diskFull),
    ]

    @Test(arguments: cases)
    func knowsWhatEnginesComplainOf(said: String, complaint: DockerComplaint) {
        #expect(DockerComplaint(said) == complaint)
    }

    @Test(arguments: [
        "", "docker: invalid reference format.",
        // A daemon that answers is running, whatever it cannot reach.
        "docker: Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host.",
        "docker: Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp 10.0.0.1:443: connect: connection refused.",
        "docker: Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp 10.0.0.1:443: i/o timeout.",
        "dial tcp: lookup proxy.example: no such host", "Error: permission denied: /home/ann/.config",
        // Warnings are not why it failed.
        "time=\"now\" level=warning msg=\"The cgroupv2 manager is set to systemd but there is no session\"\nError: odd",
        "Resource limits are not supported and ignored on cgroups V1 rootless systems\nError: odd",
        "WARNING: Your kernel does not support swap limit capabilities or the cgroup is not mounted.\ndocker: odd",
    ])
    func claimsNothingOfWhatItDoesNotKnow(said: String) {
        #expect(DockerComplaint(said) == nil)
    }
}
