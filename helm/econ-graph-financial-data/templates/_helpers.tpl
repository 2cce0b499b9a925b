{{/* What several templates need: names, labels, and values in the form in which Kubernetes wants them. */}}

{{/* The first of them are what pods are found by: they must never change. */}}
{{- define "econ-graph.selectorLabels" -}}
app: financial-data-service
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of an object: dict "root" $ "labels" {}, which count more than those that all objects get. */}}
{{- define "econ-graph.labels" -}}
{{ include "econ-graph.selectorLabels" .root }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with merge (dict) (.labels | default dict) .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Metadata of an object: dict "root" $ "suffix" "-headless" (or "name", the whole) "labels" {} "annotations" {} */}}
{{- define "econ-graph.metadata" -}}
name: {{ .name | default (print .root.Values.fullnameOverride .suffix) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "econ-graph.labels" . | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "econ-graph.image" -}}
{{- $shared := (.Values.global | default dict).imageRegistry -}}
{{- with .Values.image -}}
{{- with .registry | default $shared }}{{ . }}/{{ end }}{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- define "econ-graph.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default .Values.fullnameOverride }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- define "econ-graph.tlsSecretName" -}}
{{ .Values.tls.secretName | default (printf "%s-tls" .Values.fullnameOverride) }}
{{- end }}

{{/* A value of a variable: Helm reads whole numbers as floats, and would write 67108864 as 6.7108864e+07. */}}
{{- define "econ-graph.text" -}}
{{- if kindIs "float64" . }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end -}}
{{- end }}

{{- define "econ-graph.environment" -}}
{{- range $name, $value := .Values.config }}
- name: {{ $name }}
  value: {{ include "econ-graph.text" $value | quote }}
{{- end }}
- name: SHUTDOWN_DELAY_MS
  value: {{ mul .Values.shutdown.delaySeconds 1000 | quote }}
- name: SHUTDOWN_GRACE_MS
  value: {{ mul .Values.shutdown.graceSeconds 1000 | quote }}
{{- with .Values.nodeOptions }}
- name: NODE_OPTIONS
  value: {{ . | quote }}
{{- end }}
{{- with .Values.redis }}
{{- if .enabled }}
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | default (printf "%s-redis" $.Values.fullnameOverride) }}
      key: {{ .existingSecretKey }}
{{- if .cluster }}
- name: REDIS_CLUSTER
  value: "1"
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A probe: dict "name" "readiness" "probe" .Values.probes.readiness */}}
{{- define "econ-graph.probe" -}}
{{- if eq .probe.handler "grpc" }}
grpc:
  port: 8815
{{- else }}
httpGet:
  path: /health/{{ if eq .name "startup" }}startup{{ else if eq .name "liveness" }}live{{ else }}ready{{ end }}
  port: http
{{- end }}
periodSeconds: {{ .probe.periodSeconds }}
timeoutSeconds: {{ .probe.timeoutSeconds }}
failureThreshold: {{ .probe.failureThreshold }}
{{- end }}

{{/* The ports of Redis: those in its address, where the chart knows it. */}}
{{- define "econ-graph.redisPorts" -}}
{{- $ports := list }}
{{- range regexFindAll ":[0-9]+(?:[/,]|$)" .Values.redis.url -1 }}
{{- $ports = append $ports (regexFind "[0-9]+" .) }}
{{- end }}
{{- toJson (uniq $ports | default (list .Values.redis.port)) }}
{{- end }}

{{/* What the pod of `helm test` is found by: not what the pods of the service are. */}}
{{- define "econ-graph.testPodLabels" -}}
app: financial-data-service
app.kubernetes.io/name: {{ .Chart.Name }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* What the schema cannot say, because it is about several values. */}}
{{- define "econ-graph.validate" -}}
{{- with .Values }}
{{- if and .redis.enabled (not .redis.url) (not .redis.existingSecret) }}
{{- fail "redis.enabled needs redis.existingSecret, or redis.url" }}
{{- end }}
{{- if and .redis.url .redis.existingSecret }}
{{- fail "redis.url and redis.existingSecret exclude each other" }}
{{- end }}
{{- if and (or .redis.url .redis.existingSecret) (not .redis.enabled) }}
{{- fail "an address of Redis is given, and redis.enabled is false" }}
{{- end }}
{{- if and .metrics.serviceMonitor.enabled .metrics.podMonitor.enabled }}
{{- fail "metrics.serviceMonitor and metrics.podMonitor would both scrape the same pods: enable one" }}
{{- end }}
{{- if and .ingress.enabled (not .ingress.hosts) }}
{{- fail "ingress.enabled needs at least one of ingress.hosts" }}
{{- end }}
{{- if and .flightIngress.enabled (not .flightIngress.hosts) }}
{{- fail "flightIngress.enabled needs at least one of flightIngress.hosts" }}
{{- end }}
{{- range .ingress.hosts }}
{{- if has . $.Values.flightIngress.hosts }}
{{- fail (printf "%s is a host of ingress and of flightIngress: each protocol needs hosts of its own" .) }}
{{- end }}
{{- end }}
{{- if and .gateway.enabled (or (not .gateway.httpHostnames) (not .gateway.flightHostnames)) }}
{{- fail "gateway.enabled needs gateway.httpHostnames and gateway.flightHostnames: a gateway takes one route of the two where they have the same hosts" }}
{{- end }}
{{- range .gateway.httpHostnames }}
{{- if has . $.Values.gateway.flightHostnames }}
{{- fail (printf "%s is in gateway.httpHostnames and in gateway.flightHostnames: each protocol needs hosts of its own" .) }}
{{- end }}
{{- end }}
{{- range .extraEnv }}
{{- if or (hasKey $.Values.config .name) (has .name (list "PORT" "FLIGHT_PORT" "DATA_DIR" "REDIS_URL" "REDIS_CLUSTER" "SHUTDOWN_DELAY_MS" "SHUTDOWN_GRACE_MS" "NODE_OPTIONS")) }}
{{- fail (printf "extraEnv: %s is set by another value of the chart" .name) }}
{{- end }}
{{- end }}
{{- if and .gateway.enabled (not .gateway.parentRefs) }}
{{- fail "gateway.enabled needs at least one of gateway.parentRefs" }}
{{- end }}
{{- if and .tls.enabled (not .ingress.enabled) (not .flightIngress.enabled) }}
{{- fail "tls.enabled is for an ingress, and none is enabled" }}
{{- end }}
{{- if and .tls.certManager.enabled (not .tls.enabled) }}
{{- fail "tls.certManager.enabled needs tls.enabled" }}
{{- end }}
{{- if and .tls.certManager.enabled (not .tls.certManager.issuerRef.name) }}
{{- fail "tls.certManager.enabled needs tls.certManager.issuerRef.name" }}
{{- end }}
{{- if and (gt (int .shutdown.delaySeconds) 0) (le (int .shutdown.delaySeconds) (mul (int .probes.readiness.periodSeconds) (int .probes.readiness.failureThreshold))) }}
{{- fail "shutdown.delaySeconds has to be longer than probes.readiness.periodSeconds * failureThreshold, or 0" }}
{{- end }}
{{- end }}
{{- end }}
