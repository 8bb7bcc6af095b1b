import "tdesign-vue-next/es/style/index.css";
import { createApp } from "vue";
import App from "./app/App.vue";
import "./app/base.css";
import { locale, setLocale } from "./lib/i18n";
import { applyTheme } from "./app/theme";

applyTheme();
setLocale(locale.value);
createApp(App).mount("#app");
