# A JupyterHub for one test run: no system users, everything below one directory, gone with it.
import os

from jupyterhub.spawner import SimpleLocalProcessSpawner

base = os.environ["HUB_DIR"]
public, hub, proxy = os.environ["HUB_PORTS"].split(",")


class OptionSpawner(SimpleLocalProcessSpawner):
    """Reads its options as an operator's own spawner does: an image that does not exist cannot be started."""

    async def start(self):
        if self.user_options.get("image") == "no-such-image":
            raise RuntimeError("there is no such image")
        home = self.home_dir_template.format(username=self.user.name)
        os.makedirs(home, exist_ok=True)
        with open(f"{home}/welcome.txt", "w") as page:
            page.write("welcome")
        return await super().start()


c = get_config()  # noqa: F821
c.JupyterHub.bind_url = f"http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.auth_token = os.environ["HUB_PROXY_TOKEN"]
# Debian's proxy finds its modules by itself only with Debian's own Node.
c.ConfigurableHTTPProxy.command = ["env", "NODE_PATH=/usr/share/nodejs", "configurable-http-proxy"]
c.ConfigurableHTTPProxy.pid_file = f"{base}/proxy.pid"
c.JupyterHub.db_url = f"sqlite:///{base}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{base}/cookie_secret"
c.JupyterHub.authenticator_class = "jupyterhub.auth.DummyAuthenticator"
c.JupyterHub.spawner_class = OptionSpawner
c.OptionSpawner.home_dir_template = base + "/home/{username}"
c.Spawner.cmd = ["jupyterhub-singleuser"]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
# A page that every server has and that asks who is there.
c.Spawner.default_url = "/files/welcome.txt"
c.Spawner.start_timeout = 60
# A server that asks whether it is meant, or saves, is not waited for.
c.LocalProcessSpawner.interrupt_timeout = 2
c.LocalProcessSpawner.term_timeout = 2
c.Spawner.consecutive_failure_limit = 0
# Every start is answered at once, 202 and pending, as a start that takes long.
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
c.JupyterHub.allow_named_servers = True
c.JupyterHub.services = [
    {"name": "switchyard", "api_token": os.environ["HUB_TOKEN"]},
    {"name": "onlooker", "api_token": os.environ["HUB_OTHER_TOKEN"]},
]
c.JupyterHub.load_roles = [
    {
        "name": "switchyard",
        "services": ["switchyard"],
        "scopes": ["admin:users", "admin:servers", "list:users", "tokens", "access:servers"],
    },
    {"name": "onlooker", "services": ["onlooker"], "scopes": ["read:users", "list:users"]},
]
