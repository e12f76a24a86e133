{{/* Template of a pod. Takes a dict of root, component, serviceAccount, resources, podLabels, podAnnotations, and optionally args and restartPolicy. */}}
{{- define "switchyard.pod" -}}
{{- $values := .root.Values -}}
metadata:
  labels:
    {{- include "switchyard.selector" . | nindent 4 }}
    app.kubernetes.io/version: {{ include "switchyard.version" .root }}
    {{- with .podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ .serviceAccount }}
  automountServiceAccountToken: false
  # Links to other services would add variables such as PORT to the environment.
  enableServiceLinks: false
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .restartPolicy }}
  restartPolicy: {{ .restartPolicy }}
  {{- end }}
  terminationGracePeriodSeconds: {{ include "switchyard.gracePeriod" . }}
  securityContext:
    {{- toYaml $values.podSecurityContext | nindent 4 }}
  {{- with include "switchyard.scheduling" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: switchyard
      image: {{ include "switchyard.image" .root | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      {{- with .args }}
      args: {{ toJson . }}
      {{- end }}
      env:
        {{- include "switchyard.environment" . | nindent 8 }}
      {{- if ne .component "migration" }}
      {{- include "switchyard.probes" . | nindent 6 }}
      {{- end }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        {{- toYaml $values.containerSecurityContext | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* The metrics port serves health checks too: it is the only port of workers. */}}
{{- define "switchyard.probes" -}}
{{- $port := ternary "http" "metrics" (eq .component "api") -}}
ports:
  {{- if eq .component "api" }}
  - name: http
    containerPort: 8080
  {{- end }}
  - name: metrics
    containerPort: {{ .root.Values.metrics.port }}
startupProbe:
  httpGet: { path: /livez, port: {{ $port }} }
  periodSeconds: 2
  failureThreshold: 60
# Checks no dependencies: a restart cures none of them.
livenessProbe:
  httpGet: { path: /livez, port: {{ $port }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
# The database, its migrations, and 503 during the drain. The service answers within 2 s.
readinessProbe:
  httpGet: { path: /readyz, port: {{ $port }} }
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}

{{- define "switchyard.scheduling" -}}
{{- $spread := .root.Values.topologySpread -}}
{{- if and (ne .component "migration") (or $spread.hostname $spread.zone) -}}
topologySpreadConstraints:
  {{- range $key, $action := dict "kubernetes.io/hostname" $spread.hostname "topology.kubernetes.io/zone" $spread.zone }}
  {{- if $action }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: {{ $action }}
    # Counts the pods of one revision, so that a rolling restart stays balanced.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "switchyard.selector" $ | nindent 8 }}
  {{- end }}
  {{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
