"""Opens pages in a headless Chromium and acts on them as a user does: clicks, keys, the wheel.

Speaks the DevTools protocol through a pair of pipes, so it needs neither a port nor a package.
"""
import base64
import json
import os
import shutil
import subprocess
import tempfile

PROGRAMS = ["chromium-headless-shell", "chromium", "google-chrome"]


class Browser:
    def __enter__(self):
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if not program:
            raise FileNotFoundError("none of " + ", ".join(PROGRAMS))
        self.profile = tempfile.mkdtemp()
        child_reads, self.writes = os.pipe()
        self.reads, child_writes = os.pipe()
        # The browser expects its pipes at descriptors 3 and 4.
        command = f'exec "$@" 3<&{child_reads} 4>&{child_writes}'
        self.process = subprocess.Popen(
            ["sh", "-c", command, "sh", program, "--headless", "--no-sandbox", "--disable-gpu",
             "--remote-debugging-pipe", "--user-data-dir=" + self.profile, "--hide-scrollbars",
             "--no-first-run", "--disable-background-networking"],
            pass_fds=[child_reads, child_writes], stderr=subprocess.DEVNULL)
        os.close(child_reads)
        os.close(child_writes)
        self.buffer, self.last_id, self.events = b"", 0, []
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def receive(self):
        while b"\0" not in self.buffer:
            data = os.read(self.reads, 1 << 20)
            if not data:
                raise EOFError("the browser ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **params):
        self.last_id += 1
        request = {"id": self.last_id, "method": method, "params": params}
        if session:
            request["sessionId"] = session
        os.write(self.writes, json.dumps(request).encode() + b"\0")
        while True:
            message = self.receive()
            if message.get("id") == self.last_id:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def wait_for(self, method):
        while not any(event["method"] == method for event in self.events):
            message = self.receive()
            if "method" in message:
                self.events.append(message)

    def open(self, path, width=1280, height=800, dark=False, touch=False):
        return Page(self, path, width, height, dark)


class Page:
    """A page with what it asked of the network and what it complained of."""

    def __init__(self, browser, path, width, height, dark):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(domain + ".enable")
        self.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        browser.events.clear()
        self.url = "file://" + os.path.abspath(path)
        self.call("Page.navigate", url=self.url)
        browser.wait_for("Page.loadEventFired")
        self.settle()

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def settle(self):
        """Waits until what was asked for is drawn."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def texts(self, selector):
        return self.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)")

    def middle(self, selector):
        """Where the first such element is; it must be there and within the window."""
        place = self.evaluate(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            if (!element) return null;
            const box = element.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2, innerWidth, innerHeight];
        }})()""")
        assert place, f"no {selector}"
        x, y, width, height = place
        assert 0 <= x <= width and 0 <= y <= height, f"{selector} is out of sight at {x}, {y}"
        return x, y

    def click(self, selector):
        x, y = self.middle(selector)
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"]:
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def hover(self, selector):
        x, y = self.middle(selector)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.settle()

    def drag(self, selector, dx, dy):
        x, y = self.middle(selector)
        for kind, x, y in [("mousePressed", x, y), ("mouseMoved", x + dx / 2, y + dy / 2),
                           ("mouseMoved", x + dx, y + dy), ("mouseReleased", x + dx, y + dy)]:
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1,
                      clickCount=1)
        self.settle()

    def wheel(self, selector, dy, ctrl=False):
        x, y = self.middle(selector)
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=dy,
                  modifiers=2 if ctrl else 0)
        self.settle()

    def key(self, key):
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.settle()

    def type(self, text):
        for character in text:
            self.key(character)

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """Exceptions, errors and warnings in the console."""
        self.settle()
        found = []
        for event in self.browser.events:
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(params["exceptionDetails"].get("exception", {}).get("description", "exception"))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
                found.append(str(params["args"]))
        return found

    def requests(self):
        """All addresses that the page asked for, but for its own."""
        return [event["params"]["request"]["url"] for event in self.browser.events
                if event["method"] == "Network.requestWillBeSent" and
                event["params"]["request"]["url"].split("#")[0] != self.url]
