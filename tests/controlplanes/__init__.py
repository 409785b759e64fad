"""
Real Kubernetes control planes for tests: etcd, kube-apiserver and kube-controller-manager.

Here belongs what finds, builds, starts, resets and stops them. What the tests then ask
of the clusters does not belong here, and nothing here uses the product's code: a test
that holds the product against a real API server must not see it through the product.

There is no kubelet and no scheduler: Pods stay Pending and Deployments never get ready.

Laws:
1. `build`, `ports`, `certs`, `processes` and `wire` don't know each other (`keyspace` asks
   through `wire`); `plane` composes them into a cluster, `pool` planes into a kubeconfig,
   and `fixtures` hands that to pytest.
2. Everything listens on loopback only, and no process outlives the test run.
3. The programs come from `KUBEBUILDER_ASSETS`, else from the cache that `build` fills.
"""
