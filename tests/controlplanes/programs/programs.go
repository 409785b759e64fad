//go:build programs

// Package programs names the commands that tests/controlplanes/build.py builds.
// It is never compiled: the imports only make `go mod tidy` keep these modules.
package programs

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
)
