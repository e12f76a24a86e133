{{/*
The settings of a component as a JSON object: those that follow from other values, then config, then the config of the
component. Loops instead of a merge, which would ignore the values false and 0.
*/}}
{{- define "switchyard.config" -}}
{{- $values := .root.Values -}}
{{- $config := dict "METRICS_PORT" $values.metrics.port -}}
{{- if $values.ingress.enabled -}}
{{- $scheme := ternary "https" "http" (ne $values.ingress.tlsSecret "") -}}
{{- $_ := set $config "PUBLIC_URL" (printf "%s://%s" $scheme $values.ingress.host) -}}
{{- end -}}
{{- $own := (index $values .component | default dict).config | default dict -}}
{{- range $name, $value := $values.config }}{{ $_ := set $config $name $value }}{{ end -}}
{{- range $name, $value := $own }}{{ $_ := set $config $name $value }}{{ end -}}
{{- toJson $config -}}
{{- end }}

{{/* Numbers of YAML are floating-point numbers, which would be printed as 1e+06. */}}
{{- define "switchyard.settingText" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{/*
Environment of a component. The migration has the settings of the service, so that an invalid one fails an upgrade before
a pod is replaced.
*/}}
{{- define "switchyard.environment" -}}
{{- $secrets := .root.Values.secrets -}}
- name: HOST
  value: {{ (include "switchyard.config" . | fromJson).HOST | default "0.0.0.0" | quote }}
- name: PORT
  value: "8080"
{{- if ne .component "migration" }}
- name: ROLE
  value: {{ .component }}
{{- end }}
{{- range $name, $key := $secrets.keys }}
{{- /* The API creates the first key. */}}
{{- if and $key (not (and (eq $name "BOOTSTRAP_API_KEY") (eq $.component "worker"))) }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "switchyard.existingSecret" $ }}
      key: {{ $key }}
{{- end }}
{{- end }}
{{- range $name, $value := omit (include "switchyard.config" . | fromJson) "HOST" }}
{{- if ne (toString $value) "" }}
- name: {{ $name }}
  value: {{ include "switchyard.settingText" $value | quote }}
{{- end }}
{{- end }}
{{- with .root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* "true" if an endpoint for traces is set, in the Secret or as a further variable; otherwise empty. */}}
{{- define "switchyard.isTraced" -}}
{{- $variables := .Values.secrets.keys -}}
{{- range .Values.extraEnv }}{{ $variables = merge (dict (toString .name) "set") $variables }}{{ end -}}
{{- if or $variables.OTEL_EXPORTER_OTLP_ENDPOINT $variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT }}true{{ end -}}
{{- end }}

{{- define "switchyard.existingSecret" -}}
{{- $message := "secrets.existingSecret is empty. Create a Secret with the keys DATABASE_URL and SECRETS_KEY (docs/kubernetes.md#secrets) and set its name: --set secrets.existingSecret=switchyard" -}}
{{- required $message .root.Values.secrets.existingSecret -}}
{{- end }}

{{- define "switchyard.image" -}}
{{- $image := .Values.image -}}
{{- $message := "image.repository is empty. Build the Dockerfile, push the image to your registry and set its name: --set image.repository=registry.example.com/switchyard" -}}
{{- $repository := required $message $image.repository -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end }}

{{/*
Seconds from SIGTERM to SIGKILL. The drain is part of SHUTDOWN_TIMEOUT_MS; ten more seconds to record aborted calls and
to close connections.
*/}}
{{- define "switchyard.gracePeriod" -}}
{{- $config := include "switchyard.config" . | fromJson -}}
{{- $timeout := int64 ($config.SHUTDOWN_TIMEOUT_MS | default 40000) -}}
{{- if ge (int64 $config.SHUTDOWN_DRAIN_MS) $timeout -}}
{{- fail (printf "config.SHUTDOWN_DRAIN_MS is %d. It must be less than config.SHUTDOWN_TIMEOUT_MS (%d), so that time is left to finish requests." (int64 $config.SHUTDOWN_DRAIN_MS) $timeout) -}}
{{- end -}}
{{- add (div (add $timeout 999) 1000) 10 -}}
{{- end }}
